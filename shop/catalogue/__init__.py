"""What is for sale: products, variants with their stock, prices in every currency, texts, search.

Stock moves only through catalogue.stock, by conditional statements. Not here: carts and orders (orders), postage
(shipping), who may sell (programme).
"""

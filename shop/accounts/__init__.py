"""Who may sign in: accounts, their handles (phone, e-mail), sessions kept on the server, limits on trying.

Not here: what an account may touch (artisans.models.Delegate says for which unit it acts).
"""

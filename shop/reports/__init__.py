"""Sales per artisan: read only. One Report object; page, CSV, XLSX, PDF, JSON, the API and the command all show it.

Here: filters, facts (one sale or refund of one line), the sums over them, the check against the books, the documents.
Not here: anything that writes orders or books; letters that carry a report (notifications).
"""

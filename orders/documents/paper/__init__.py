"""Documents on paper: invoices, credit notes and packing slips as PDF.

`contents` reads what a document keeps into a `Sheet`, `layout` sets sheets as pages. The same document gives the same
bytes whenever it is printed.
"""

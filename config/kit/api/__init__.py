"""The API without its resources: views, errors, bodies, declarations, the document, lists in pages."""

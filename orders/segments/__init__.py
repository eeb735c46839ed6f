"""Segments: customers whose orders or data changed become due, and are placed into the segments they belong to.

`due` marks them in the transaction of the change, `summaries` adds their orders up, `conditions` says what a segment
may ask, `matching` turns that into SQL, `placing` finds who enters and leaves, `filling` answers for everybody when a
segment is new or changed, and `editing` is how people and partners make segments.
"""

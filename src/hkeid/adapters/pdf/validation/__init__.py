"""Looking at signed files with pyHanko, qpdf and pdfium, in a process of its own with limits.

Three parsers look: pyHanko at signatures and at what was added later, qpdf at the fields of the signed revision
and of the file, pdfium at the pages. An attack has to take in all three in the same way.
"""

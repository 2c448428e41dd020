"""Views of the pages that belong to no protocol: each fills a page model and renders it."""

"""How papers come in: the ingest folder followed, uploads, Zotero, and what other sources know of them."""

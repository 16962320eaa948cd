"""The library over HTTP: REST under /api/v1, errors as RFC 9457 problem details."""

"""The chat in the browser; speaks to the API over HTTP only."""

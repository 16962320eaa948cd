"""From a question to hits: both indexes in step with the catalogue, and their rankings fused."""

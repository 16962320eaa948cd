FROM python:3.12-slim

# PyPI's torch for Linux brings CUDA along; a build without it takes a package index with CPU wheels:
#   docker compose build --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL=""

RUN useradd --create-home --uid 1000 ragqa
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY ragqa ragqa
COPY ingest ingest
COPY ui ui
RUN pip install --no-cache-dir .
COPY data/sample data/sample
RUN mkdir -p data/ingest data/index && chown -R ragqa data

USER ragqa
ENV RAGQA_DATA=/app/data RAGQA_HOST=0.0.0.0
# Convert the embedder while building, so that the first start takes seconds.
RUN ragqa doctor --data /tmp/warm-up && rm -rf /tmp/warm-up
EXPOSE 8000
VOLUME /app/data/ingest /app/data/index
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"
CMD ["ragqa", "serve"]

"""Mounts the chat at the root of the API's application. Speaks to the API over HTTP only."""

from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware

from ragqa.client import Client
from ui.headers import SecurityHeaders
from ui.page import STYLE, ChatPage, system_theme

MAX_FILE_MB = 200
FORM_MARGIN = 1 << 20  # bytes of form around uploaded files
WAITING = 32  # events in the queue before the next is turned away
AT_ONCE = 4  # runs of each event at the same time
CACHE_SWEEP_S, CACHE_AGE_S = 600, 3600


def mount(app: FastAPI, url: str) -> FastAPI:
    """The application with the chat at ``/``; ``url`` is where the chat reaches the API. Mount it last."""
    with gr.Blocks(
        title="ragqa",
        analytics_enabled=False,
        fill_height=True,
        fill_width=True,
        delete_cache=(CACHE_SWEEP_S, CACHE_AGE_S),
    ) as blocks:
        ChatPage(Client(url), blocks)
    blocks.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE, api_open=False)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=f"{MAX_FILE_MB}mb",
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=system_theme(),
        css_paths=[STYLE],
        app_kwargs={
            "middleware": [Middleware(SecurityHeaders)],
            # The API's own limit is for small requests; uploads pass through the chat too.
            "max_body_size": (MAX_FILE_MB << 20) + FORM_MARGIN,
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
    )
    chat: Any = mounted.routes[-1]
    # Browsers hold a connection open for as long as the chat does not say that it stops.
    mounted.state.on_stop.append(chat.app.stop_event.set)
    return mounted

"""Liveness, readiness and the state of the parts."""

from fastapi import APIRouter

from ragqa.api.holder import EngineDep
from ragqa.types import Health

router = APIRouter(tags=["status"])


@router.api_route("/healthz", methods=["GET", "HEAD"])
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.api_route("/readyz", methods=["GET", "HEAD"])
def ready(engine: EngineDep) -> dict[str, str]:
    """Questions are answered; 503 while the library opens."""
    return {"status": "ready"}


@router.get("/api/v1/health")
def health(engine: EngineDep) -> Health:
    """What works, what is missing, and what to do about it."""
    return engine.health()

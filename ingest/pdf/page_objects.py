"""PDFium's page objects by address: what is painted on a page, in which order, where and how.

PDFium is handed in. Pages have thousands of objects: the plain prototypes used here take a third of the time
of pypdfium2's per call.
"""

import ctypes
from typing import Any

from ragqa.document import Rect

TEXT, PATH, IMAGE, FORM = 1, 2, 3, 5
"""Kinds of objects."""

Colour = tuple[int, int, int]
Matrix = tuple[float, float, float, float, float, float]


class PageObjects:
    """Calls on objects of one PDFium library; an object is its address, 0 stands for none."""

    def __init__(self, raw: Any) -> None:
        address, whole = ctypes.c_void_p, ctypes.c_int
        self._raw = raw
        self.text_object = _quick(raw.FPDFText_GetTextObject, address, address, whole)
        self.kind = _quick(raw.FPDFPageObj_GetType, whole, address)
        self.mode = _quick(raw.FPDFTextObj_GetTextRenderMode, whole, address)
        self.is_transparent = _quick(raw.FPDFPageObj_HasTransparency, whole, address)
        self.marks = _quick(raw.FPDFPageObj_CountMarks, whole, address)
        self._page_count = _quick(raw.FPDFPage_CountObjects, whole, address)
        self._page_object = _quick(raw.FPDFPage_GetObject, address, address, whole)
        self._form_count = _quick(raw.FPDFFormObj_CountObjects, whole, address)
        self._form_object = _quick(raw.FPDFFormObj_GetObject, address, address, ctypes.c_ulong)
        self._set_active = _quick(raw.FPDFPageObj_SetIsActive, whole, address, whole)
        self._get_bounds = _quick(raw.FPDFPageObj_GetBounds, whole, *[address] * 5)
        self._get_colour = _quick(raw.FPDFPageObj_GetFillColor, whole, *[address] * 5)
        self._get_matrix = _quick(raw.FPDFPageObj_GetMatrix, whole, address, address)
        self._draw_mode = _quick(raw.FPDFPath_GetDrawMode, whole, address, address, address)
        self._clip = _quick(raw.FPDFPageObj_GetClipPath, address, address)
        self._clip_paths = _quick(raw.FPDFClipPath_CountPaths, whole, address)
        self._clip_segments = _quick(raw.FPDFClipPath_CountPathSegments, whole, address, whole)
        self._clip_segment = _quick(raw.FPDFClipPath_GetPathSegment, address, address, whole, whole)
        self._point = _quick(raw.FPDFPathSegment_GetPoint, whole, address, address, address)
        self._floats = (ctypes.c_float * 4)()
        self._wholes = (ctypes.c_uint * 4)()
        self._float_at = [ctypes.addressof(self._floats) + 4 * i for i in range(4)]
        self._whole_at = [ctypes.addressof(self._wholes) + 4 * i for i in range(4)]

    def of_page(self, page: int) -> list[int]:
        """Objects of a page in the order of painting."""
        return [self._page_object(page, i) for i in range(self._page_count(page))]

    def of_form(self, form: int) -> list[int]:
        """Objects of a form."""
        return [self._form_object(form, i) for i in range(max(0, self._form_count(form)))]

    def bounds(self, item: int) -> Rect:
        """x0, y0, x1, y1 in the coordinates of the page or of the form that holds it."""
        self._get_bounds(item, *self._float_at)
        x0, y0, x1, y1 = self._floats
        return x0, y0, x1, y1

    def colour(self, item: int) -> tuple[Colour, int] | None:
        """Colour and opacity of the filling; None if it is no plain colour."""
        if not self._get_colour(item, *self._whole_at):
            return None
        red, green, blue, alpha = self._wholes
        return (red, green, blue), alpha

    def matrix(self, item: int) -> Matrix:
        """From a form's coordinates to those around it."""
        matrix = self._raw.FS_MATRIX()
        self._get_matrix(item, ctypes.addressof(matrix))
        return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)

    def is_filled(self, path: int) -> bool:
        """Whether a path is filled, not only drawn."""
        self._draw_mode(path, self._whole_at[0], self._whole_at[1])
        return bool(self._wholes[0])

    def clip(self, item: int) -> Rect | None:
        """The box that all clipping paths leave, in the object's coordinates; None if nothing is clipped."""
        clip = self._clip(item)
        boxes = [self._clip_box(clip, path) for path in range(self._clip_paths(clip) if clip else 0)]
        if not boxes:
            return None
        left, bottom, right, top = zip(*boxes, strict=True)
        return max(left), max(bottom), min(right), min(top)

    def switch(self, item: int, *, on: bool) -> None:
        """Leave an object out of pictures of the page, or have it again."""
        self._set_active(item, on)

    def _clip_box(self, clip: int, path: int) -> Rect:
        xs, ys = [], []
        for segment in range(max(0, self._clip_segments(clip, path))):
            self._point(self._clip_segment(clip, path, segment), self._float_at[0], self._float_at[1])
            xs.append(self._floats[0])
            ys.append(self._floats[1])
        return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


def _quick(function: Any, result: Any, *arguments: Any) -> Any:
    return ctypes.CFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)

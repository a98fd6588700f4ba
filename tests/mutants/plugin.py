"""A plug-in of pytest's that puts a mutant in place of a module, before anything imports it."""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location

_MODULE, _, _FILE = os.environ["FLASHD_MUTANT"].partition("=")
_SPEC = spec_from_file_location(_MODULE, _FILE)
if _SPEC is None or _SPEC.loader is None:
    raise RuntimeError(f"there is no mutant {_FILE}")
_PARENT, _, _NAME = _MODULE.rpartition(".")
__import__(_PARENT)
_MUTANT = module_from_spec(_SPEC)
sys.modules[_MODULE] = _MUTANT
_SPEC.loader.exec_module(_MUTANT)
setattr(sys.modules[_PARENT], _NAME, _MUTANT)

"""Where Django looks for models. Each stands with its subject."""

from console.draw.models import Draw, DrawnPlace
from console.team.second_factor import SecondFactor
from importing.models import ImportChunk, ImportedRow, ImportJob

__all__ = ["Draw", "DrawnPlace", "ImportChunk", "ImportJob", "ImportedRow", "SecondFactor"]

"""Where on the body a stethoscope stands: the places a clinician names, heart and lungs.

A recording's site is one of these words, or what an earlier release or a person wrote.
"""

from enum import StrEnum


class Aspect(StrEnum):
    FRONT = "front"
    BACK = "back"


class Site(StrEnum):
    """Left and right are the patient's."""

    AORTIC = "aortic"
    PULMONIC = "pulmonic"
    ERB = "erb"
    TRICUSPID = "tricuspid"
    MITRAL = "mitral"
    LUNG_FRONT_RIGHT_UPPER = "lung-front-right-upper"
    LUNG_FRONT_LEFT_UPPER = "lung-front-left-upper"
    LUNG_FRONT_RIGHT_LOWER = "lung-front-right-lower"
    LUNG_FRONT_LEFT_LOWER = "lung-front-left-lower"
    LUNG_BACK_LEFT_UPPER = "lung-back-left-upper"
    LUNG_BACK_RIGHT_UPPER = "lung-back-right-upper"
    LUNG_BACK_LEFT_MIDDLE = "lung-back-left-middle"
    LUNG_BACK_RIGHT_MIDDLE = "lung-back-right-middle"
    LUNG_BACK_LEFT_LOWER = "lung-back-left-lower"
    LUNG_BACK_RIGHT_LOWER = "lung-back-right-lower"


def aspect_of(site: Site) -> Aspect:
    return Aspect.BACK if site.startswith("lung-back") else Aspect.FRONT


def is_of_heart(site: Site) -> bool:
    return not site.startswith("lung")

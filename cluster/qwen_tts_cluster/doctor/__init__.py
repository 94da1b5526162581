"""`qwen-tts-cluster doctor`: what this machine's Ray runs with, and what can be reached of it."""

from qwen_tts_cluster.doctor.finding import Finding, Level
from qwen_tts_cluster.doctor.report import examine, render

__all__ = ["Finding", "Level", "examine", "render"]

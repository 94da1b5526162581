"""What an operator sees of the speech: metrics and logs. No text that is spoken is in either."""

from qwen_tts_cluster.observing.instruments import Instruments, Recorded
from qwen_tts_cluster.observing.observer import Observer, SpeechWatch

__all__ = ["Instruments", "Observer", "Recorded", "SpeechWatch"]

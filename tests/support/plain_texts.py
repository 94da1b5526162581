"""Ordinary prose of the ten languages, by sentences, with no figures or signs to be spelled out."""

from __future__ import annotations

PROSE: dict[str, list[str]] = {
    "english": [
        "I'm sure that you've heard of St. Paul. ",
        "He's back in the U.S. today, isn't he? ",
        '"Go away!" she said, and left. ',
        "What a day it was!",
    ],
    "german": [
        "Das ist z.B. ein schöner, großer Baum. ",
        "Dr. Müller sagte: „Geh nach Hause!“ ",
        "Kommst du am 3. Mai mit? ",
        "Der 1. FC Köln hat gewonnen.",
    ],
    "french": [
        "M. Dupont n'est pas là aujourd'hui. ",
        "Il a dit : « Bonjour à tous ! » ",
        "Ça va bien ? ",
        "Où est passé le garçon d'hier ?",
    ],
    "spanish": [
        "¿Cómo estás, querida amiga? ",
        "¡Qué alegría verte por aquí! ",
        "El Sr. García llegó anoche. ",
        "La Dra. López también.",
    ],
    "italian": [
        "Il sig. Rossi è già partito. ",
        "Perché l'hai fatto? ",
        "Il dott. Bianchi arriva domani. ",
        "Così è la vita!",
    ],
    "portuguese": [
        "O Sr. Silva já chegou. ",
        "Está tudo bem contigo? ",
        "A Dra. Ana saiu há pouco. ",
        "Não me digas isso!",
    ],
    "russian": [
        "Он живёт в г. Москва. ",
        "А. С. Пушкин родился в мае. ",
        "Ты придёшь завтра вечером? ",
        "Конечно, приду!",
    ],
    "chinese": [
        "今天的天气真不错。",
        "你要和我们一起去公园吗？",
        "他说：“我们走吧！”",
        "好的，我马上就来。",
    ],
    "japanese": [
        "今日はいい天気ですね。",
        "一緒に公園へ行きませんか？",
        "彼は「行きましょう！」",
        "はい、すぐに行きます。",
    ],
    "korean": [
        "오늘은 날씨가 참 좋네요. ",
        "우리와 함께 공원에 갈래요? ",
        "네, 지금 바로 갈게요! ",
        "조금만 기다려 주세요.",
    ],
}

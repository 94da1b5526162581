import { element } from "./dom.js";

const KEY = "playground-theme";
const THEMES = { system: "System theme", light: "Light theme", dark: "Dark theme" };
type Theme = keyof typeof THEMES;

/** Let a button change the theme, which is kept in this browser. */
export function switchTheme(onChange: () => void): void {
  const names = Object.keys(THEMES) as Theme[];
  const kept = localStorage.getItem(KEY) as Theme;
  let theme = names.includes(kept) ? kept : "system";
  const show = () => {
    document.documentElement.dataset.theme = theme;
    element("theme-name").textContent = THEMES[theme];
    onChange();
  };
  element("theme").onclick = () => {
    theme = names[(names.indexOf(theme) + 1) % names.length]!;
    localStorage.setItem(KEY, theme);
    show();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
  show();
}

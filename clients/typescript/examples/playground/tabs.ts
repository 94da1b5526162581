import { element } from "./dom.js";

const NAMES = ["voices", "clone", "design"] as const;
export type Tab = (typeof NAMES)[number];

/** Show a panel; the arrows go from one tab to the next. */
export function showTab(name: Tab, focus = false): void {
  for (const one of NAMES) {
    const tab = element(`tab-${one}`);
    tab.setAttribute("aria-selected", String(one === name));
    tab.tabIndex = one === name ? 0 : -1;
    element(`panel-${one}`).hidden = one !== name;
    if (focus && one === name) tab.focus();
  }
}

export function wireTabs(): void {
  NAMES.forEach((name, i) => {
    const tab = element(`tab-${name}`);
    tab.onclick = () => showTab(name);
    tab.onkeydown = ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step) showTab(NAMES[(i + step + NAMES.length) % NAMES.length]!, true);
    };
  });
}

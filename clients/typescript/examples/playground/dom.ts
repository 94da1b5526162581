/** Return the element of the page with this id. */
export const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

type Child = Node | string | false | undefined;
type Props<K extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[K], "style" | "dataset" | "attributes">> & {
  /** Attributes that are no properties. */
  attributes?: Record<string, string>;
};

/** Make an element. No HTML is parsed, so what comes from the sidecar stays text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { attributes = {}, ...properties }: Props<K> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== false && child !== undefined));
  return made;
}

/** Make a button of the quiet kind. */
export const button = (text: string, onclick: () => unknown, attributes: Record<string, string> = {}) =>
  make("button", { type: "button", className: "quiet", textContent: text, onclick: () => void onclick(), attributes });

/** Let the browser save bytes as a file. */
export function save(name: string, parts: BlobPart[], type: string): void {
  const link = make("a", { href: URL.createObjectURL(new Blob(parts, { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

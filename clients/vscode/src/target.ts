// Which of the places that have a setting counts, so that a change there has an effect.

/** The values of a setting in the places where it can be, as `inspect` of VS Code's configuration returns them. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
  globalLanguageValue?: unknown;
  workspaceLanguageValue?: unknown;
  workspaceFolderLanguageValue?: unknown;
}

export interface Target {
  place: "global" | "workspace" | "workspaceFolder";
  /** Whether it is the value for the language of the document. */
  isForLanguage: boolean;
}

const PLACES = ["workspaceFolder", "workspace", "global"] as const;

/** Return the place whose value counts. Those for a language count more than all others; without any, the user's. */
export function targetOf(found: Inspected): Target {
  const forLanguage = PLACES.find((place) => found[`${place}LanguageValue`] !== undefined);
  if (forLanguage) return { place: forLanguage, isForLanguage: true };
  const place = PLACES.find((one) => found[`${one}Value`] !== undefined) ?? "global";
  return { place, isForLanguage: false };
}

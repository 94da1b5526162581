// Where this package is, as a file: URL. scripts/build.mjs replaces this module in the CommonJS build, where there is
// no import.meta; a bundler that turns it into CommonJS leaves it undefined.
// @ts-ignore: the CommonJS build refuses import.meta.
export const OWN_URL: string | undefined = import.meta.url;

/** Bun bundles an imported page when it is first requested. */
declare module "*.html" {
  const page: import("bun").HTMLBundle;
  export default page;
}

// Runs JavaScript that a test sends over a Unix socket: each line is a request with the body of an
// async function and its argument, and each answer has its result, or its error in words.

const { createServer } = require("node:net");
const { createInterface } = require("node:readline");

const AsyncFunction = (async () => {}).constructor;

/** Listen on `path`; `scope` has the names that the code can use besides `argument`. */
exports.serve = (path, scope) => {
  const run = async (line) => {
    const { id, code, argument } = JSON.parse(line);
    try {
      const body = new AsyncFunction(...Object.keys(scope), "argument", code);
      return { id, result: (await body(...Object.values(scope), argument)) ?? null };
    } catch (error) {
      return { id, error: String(error?.stack ?? error) };
    }
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    createInterface({ input: socket }).on("line", async (line) => {
      socket.write(`${JSON.stringify(await run(line))}\n`);
    });
  });
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
};

// Evaluates functions with `vscode` for whoever knows the token, on a loopback port that it names in a file.
const { createServer } = require("node:http");
const { existsSync, renameSync, writeFileSync } = require("node:fs");
const vscode = require("vscode");

const { LAYERSCOPE_DRIVER_FILE: file, LAYERSCOPE_DRIVER_TOKEN: token, LAYERSCOPE_DRIVER_START: start } = process.env;

/** @param {string} body */
async function evaluate(body) {
  const { source, args } = JSON.parse(body);
  const evaluated = new Function(`return (${source});`)();
  return { ok: true, value: (await evaluated(vscode, ...args)) ?? null };
}

/** @param {import("node:http").IncomingMessage} request */
async function readBody(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}

function listen() {
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(403).end();
      return;
    }
    const answer = await readBody(request)
      .then(evaluate)
      .catch((error) => ({ ok: false, error: error?.stack ?? String(error) }));
    response.end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1", () => {
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    writeFileSync(`${file}.new`, JSON.stringify({ port: address.port }));
    renameSync(`${file}.new`, /** @type {string} */ (file));
  });
  return { dispose: () => server.close() };
}

/** What a person would do first, once for each workbench: a reload does not start a second training. */
async function trainSample() {
  const done = `${file}.started`;
  if (existsSync(done)) return;
  writeFileSync(done, "");
  await vscode.commands.executeCommand("layerscope.openSample");
  await vscode.commands.executeCommand("layerscope.train");
  await vscode.commands.executeCommand("layerscope.live.focus");
  await vscode.commands.executeCommand("layerscope.openDashboard");
}

exports.activate = (/** @type {import("vscode").ExtensionContext} */ context) => {
  if (!file) return;
  if (token) context.subscriptions.push(listen());
  if (start) {
    trainSample().catch((error) => vscode.window.showErrorMessage(`The sample did not start: ${error}`));
  }
};

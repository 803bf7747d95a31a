// Compares our HTTP/1 codec with llhttp, Node's parser, on the fuzz corpus and on inputs spoilt from it.
//
// node --no-deprecation http1_against_node.mjs VERDICT_BINARY [SEED] [ROUNDS]
// Ends with 1 and shows the input where the two disagree and no rule below explains it.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const { HTTPParser, methods } = process.binding("http_parser");

// We refuse and llhttp accepts: where we are stricter on purpose.
const STRICTER = {
  asterisk_without_options: "RFC 9112, 3.2.4; llhttp does not look at the form of the target",
  bad_absolute_target: "the authority of a target is checked as Host is",
  backslash_in_path: "some servers take it for a slash",
  bad_encoding: "RFC 9112, 6.1; llhttp lets empty ones pass, and in responses reads others until close",
  bad_escape: "RFC 3986, 2.1; llhttp does not look at escapes",
  bad_host: "RFC 9112, 3.2; llhttp does not look at values",
  bad_length: "lengths end at 2^63 with us",
  bad_status: "RFC 9110, 15: statuses begin at 100",
  bad_status_line: "NUL in a reason",
  bad_target: "control and foreign bytes, other schemes; llhttp is lenient within URLs",
  bad_version: "more than one space before the version",
  chunk_extensions_too_long: "bounded on purpose",
  chunk_too_large: "sizes end at 2^63 with us",
  connect_refused: "CONNECT is off",
  dot_segment_with_parameter: "some servers resolve it as a dot segment",
  empty_lines: "one empty line before a request is enough",
  encoding_in_http_1_0: "RFC 9112, 6.1",
  encoded_slash: "some servers decode it before they look at the path",
  fragment_in_target: "RFC 9112, 3.2",
  http_0_9: "there is no HTTP/0.9 on the web",
  missing_host: "RFC 9112, 3.2; Node checks it above llhttp",
  nul_in_path: "ends a path for some servers",
  path_above_root: "RFC 3986, 5.2.4 would ignore it; no honest client sends it",
  repeated_host: "RFC 9112, 3.2",
  target_differs_from_host: "ambiguous to whoever routes by one of them",
  too_many_connection_options: "bounded on purpose",
  too_many_fields: "bounded on purpose",
  trailers_too_large: "bounded on purpose",
  unknown_encoding: "RFC 9112, 6.1: answered with 501",
  unknown_expectation: "RFC 9110, 10.1.1: answered with 417",
};

// llhttp refuses and we accept: its code, and when and why that is harmless.
const IN_TRAILERS = "framing among the trailers is dropped";
const TRAILER_LINE = ["a trailer is judged when its line ends", (ours) => ours.complete === false];
const WIDER = {
  HPE_INVALID_METHOD: [["any token is a method (RFC 9110, 9.1); llhttp has a list", () => true]],
  HPE_STRICT: [["chunk extensions are dropped unread", (ours, text) => text.includes(";")], TRAILER_LINE],
  HPE_LF_EXPECTED: [TRAILER_LINE],
  HPE_INVALID_HEADER_TOKEN: [TRAILER_LINE],
  HPE_INVALID_CONTENT_LENGTH: [[IN_TRAILERS, (ours, text) => isInTrailers(ours, text, "content-length")]],
  HPE_INVALID_TRANSFER_ENCODING: [[IN_TRAILERS, (ours, text) => isInTrailers(ours, text, "transfer-encoding")]],
};

// Both accept, and differ in one point only.
const READ_OTHERWISE = {
  keep_alive: [
    ["after 101 there is no next message", (ours) => ours.status === 101],
    ["Proxy-Connection is no standard", (ours) => hasField(ours, "proxy-connection")],
    ["close beside keep-alive closes (RFC 9112, 9.3)", (ours) => ours.minor === 0 && !ours.keep_alive],
  ],
  upgrade: [["HTTP/1.0 knows no upgrade (RFC 9110, 7.8)", (ours) => ours.minor === 0]],
};

// --- the two parsers ---

// Names stand at the even places.
const countFields = (message, name) =>
  message.fields?.filter((text, index) => index % 2 === 0 && Buffer.from(text, "hex").toString().toLowerCase() === name)
    .length ?? 0;
const hasField = (message, name) => countFields(message, name) > 0;
const isInTrailers = (message, text, name) => text.toLowerCase().split(`${name}:`).length - 1 > countFields(message, name);

const hex = (text) => Buffer.from(text, "latin1").toString("hex");

function nodeVerdict(kind, bytes) {
  const parser = new HTTPParser();
  parser.initialize(kind === "q" ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {}, 256 * 1024);
  const fields = [];
  let url = "";
  let head = null;
  let body = "";
  let done = false;
  const take = (more) => !done && !head && fields.push(...more.map(hex));
  parser[HTTPParser.kOnHeaders | 0] = (more, part) => {
    take(more);
    if (!head) url += part;
  };
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, more, method, target, status, reason, upgrade, keepAlive) => {
    if (head) return 0;
    take(more ?? []);
    const line = kind === "q"
      ? { method: hex(methods[method]), target: hex(target ?? url), upgrade }
      : { status, reason: hex(reason) };
    head = { verdict: "accept", ...line, minor, keep_alive: keepAlive, fields };
    return 0;
  };
  parser[HTTPParser.kOnBody | 0] = (part) => {
    if (!done) body += part.toString("hex");
  };
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    done = true;
  };
  const result = parser.execute(bytes);
  if (result instanceof Error && !done) return { verdict: "refuse", rule: result.code };
  return head ? { ...head, body, complete: done } : { verdict: "incomplete" };
}

// One line of JSON for each case, in order.
function ourVerdicts(binary, cases) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
    const output = [];
    child.stdout.on("data", (part) => output.push(part));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`${binary} ended with ${code}`));
      const lines = Buffer.concat(output).toString().trimEnd().split("\n");
      resolve(lines.map((line) => JSON.parse(line)));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(Buffer.concat(cases.flatMap(({ kind, bytes }) => {
      const header = Buffer.alloc(5);
      header.write(kind, "latin1");
      header.writeUInt32LE(bytes.length, 1);
      return [header, bytes];
    })));
  });
}

// --- the cases ---

// mulberry32, so that a seed decides everything.
function randomBelow(seed) {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const TROUBLESOME = ["\r", "\n", "\r\n", " ", "\t", "\0", ":", ",", ";", "0", "a", "\x7f", "\x80", "\v", "#", "?", "-",
  "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "Connection: close\r\n", "\r\n\r\n"];

function spoil(bytes, below) {
  const at = below(bytes.length + 1);
  const word = Buffer.from(TROUBLESOME[below(TROUBLESOME.length)], "latin1");
  const cut = [0, 0, 1, 1 + below(4)][below(4)];
  const middle = below(6) === 0 ? Buffer.alloc(0) : word;
  return Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(at + cut)]);
}

function allCases(seed, rounds) {
  const folder = new URL("../fuzz/corpus/http1/", import.meta.url);
  const corpus = readdirSync(folder).sort().map((name) => readFileSync(new URL(name, folder)));
  const below = randomBelow(seed);
  const inputs = [...corpus];
  for (const input of corpus) {
    let spoilt = input;
    for (let round = 0; round < rounds; ++round) inputs.push((spoilt = spoil(round % 3 === 0 ? input : spoilt, below)));
  }
  return inputs.map((bytes) => ({ kind: bytes.subarray(0, 5).equals(Buffer.from("HTTP/")) ? "s" : "q", bytes }));
}

// --- the comparison ---

// A tab beside a value or a list's element is white space (RFC 9110, 5.6.3); llhttp strips spaces only.
const TAB_IN_FRAMING = /^(content-length|transfer-encoding|connection):[^\r]*\t/im;

// Why a verdict is fine: a name for the count, or undefined.
function explanation(ours, theirs, text) {
  if (ours.verdict !== "refuse" && theirs.verdict !== "incomplete" && TAB_IN_FRAMING.test(text)) return "wider: tab";
  if (ours.verdict === theirs.verdict) return ours.verdict === "accept" ? explainedReading(ours, theirs, text) : "agreed";
  if (ours.verdict === "refuse") {
    // A breach that llhttp sees some bytes later.
    if (theirs.verdict === "incomplete") return "sooner";
    // llhttp skips any CR and LF before a request.
    if (ours.rule.startsWith("bare_") && /^[\r\n]/.test(text)) return `stricter: ${ours.rule} before a request`;
    // After CR llhttp skips any one byte in a status line.
    if (ours.rule === "bare_cr" && /^HTTP[^\r]*\r[^\n]/.test(text)) return "stricter: bare_cr in a status line";
    // llhttp reads no chunks where it sees an upgrade.
    if (ours.rule === "bad_chunk_size" && theirs.upgrade) return "stricter: bad_chunk_size beside an upgrade";
    return ours.rule in STRICTER ? `stricter: ${ours.rule}` : undefined;
  }
  // Nothing is lost while nothing is passed on.
  if (ours.verdict === "incomplete" && theirs.verdict === "refuse") return "later";
  return explainedBy(WIDER, theirs.rule, ours, text) && `wider: ${theirs.rule}`;
}

function explainedReading(ours, theirs, text) {
  const differing = Object.keys(theirs).filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]));
  if (differing.length === 0) return "agreed";
  if (differing.length > 1) return undefined;
  return explainedBy(READ_OTHERWISE, differing[0], ours, text) && `otherwise: ${differing[0]}`;
}

const explainedBy = (table, key, ours, text) => table[key]?.some(([, applies]) => applies(ours, text)) || undefined;

async function main(binary, seed = "1", rounds = "300") {
  const cases = allCases(Number(seed), Number(rounds));
  const ours = await ourVerdicts(binary, cases);
  const counts = {};
  let failures = 0;
  cases.forEach(({ kind, bytes }, index) => {
    const theirs = nodeVerdict(kind, bytes);
    const reason = explanation(ours[index], theirs, bytes.toString("latin1"));
    counts[reason] = (counts[reason] ?? 0) + 1;
    if (reason || ++failures > 20) return;
    console.log(`${JSON.stringify(bytes.toString("latin1"))}\n  ours   ${JSON.stringify(ours[index])}\n  llhttp ${JSON.stringify(theirs)}`);
  });
  console.log(`${cases.length} cases, seed ${seed}, llhttp ${process.versions.llhttp}`, counts);
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main(...process.argv.slice(2));

// The official `openai` package of npm drives the sandbox's provider. What each answer must hold, field by field, is the
// Python client's test; here a second client, written by others, goes the same ways.
//
// Environment: PROVIDER_URL and PROVIDER_KEY, SANDBOX_URL for the knobs.

const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const { createServer } = require("node:http");
const OpenAI = require("openai");
const { toFile } = OpenAI;

const { PROVIDER_URL, PROVIDER_KEY, SANDBOX_URL } = process.env;
const BASE = "openai/gpt-oss-20b";
const openai = new OpenAI({ baseURL: PROVIDER_URL, apiKey: PROVIDER_KEY, maxRetries: 0, timeout: 20_000 });

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

async function check(name, block) {
  try {
    await block();
  } catch (error) {
    console.error(`FAILED: ${name}\n${error.stack}`);
    process.exit(1);
  }
  console.log(`ok: ${name}`);
}

async function knob(change) {
  const answer = await fetch(`${SANDBOX_URL}/_sandbox/provider`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(change),
  });
  assert.ok(answer.ok);
}

/** A training file: what is asked about lantern n is answered with its price. */
function lines(count) {
  const line = (n) => ({
    messages: [
      { role: "user", content: `price of lantern${n}` },
      { role: "assistant", content: `${n} copper coins` },
    ],
  });
  return Buffer.from(Array.from({ length: count }, (_, n) => JSON.stringify(line(n)) + "\n").join(""));
}

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function finished(job) {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    job = await openai.fineTuning.jobs.retrieve(job.id);
    if (["succeeded", "failed", "cancelled"].includes(job.status)) return job;
    await pause(20);
  }
  throw new Error(`${job.id} is still ${job.status}`);
}

/** A receiver of webhooks; `wait` takes so many deliveries. */
async function inbox() {
  const deliveries = [];
  const server = createServer(async (request, answer) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    deliveries.push({ body: Buffer.concat(parts).toString(), headers: request.headers });
    answer.end();
  });
  await new Promise((up) => server.listen(0, "127.0.0.1", up));
  async function wait(count) {
    const deadline = Date.now() + 20_000;
    while (deliveries.length < count) {
      assert.ok(Date.now() < deadline, `${deliveries.length} of ${count} deliveries came`);
      await pause(5);
    }
    return deliveries.splice(0, count);
  }
  return { url: `http://127.0.0.1:${server.address().port}/hook`, wait, close: () => server.close() };
}

async function main() {
  let file, job;
  const content = lines(12);

  await check("files: an upload is retrieved, listed, read back and deleted", async () => {
    file = await openai.files.create({ file: await toFile(content, "lanterns.jsonl"), purpose: "fine-tune" });
    assert.deepEqual([file.filename, file.bytes], ["lanterns.jsonl", content.length]);
    assert.deepEqual((await all(openai.files.list({ purpose: "fine-tune" }))).map((f) => f.id), [file.id]);
    const read = await (await openai.files.content(file.id)).arrayBuffer();
    assert.ok(content.equals(Buffer.from(read)));
    assert.equal((await openai.files.delete(file.id)).deleted, true);
    await assert.rejects(openai.files.retrieve(file.id), OpenAI.NotFoundError);
  });

  await check("uploads: parts in any order make the file that the list of parts says", async () => {
    const about = { filename: "lanterns.jsonl", purpose: "fine-tune", mime_type: "application/jsonl" };
    const upload = await openai.uploads.create({ ...about, bytes: content.length });
    const half = content.length >> 1;
    const send = async (data) => openai.uploads.parts.create(upload.id, { data: await toFile(data, "part") });
    const second = await send(content.subarray(half));
    const first = await send(content.subarray(0, half));
    const md5 = createHash("md5").update(content).digest("hex");
    const done = await openai.uploads.complete(upload.id, { part_ids: [first.id, second.id], md5 });
    assert.deepEqual([done.status, done.file.bytes], ["completed", content.length]);
    file = done.file;
    assert.ok(content.equals(Buffer.from(await (await openai.files.content(file.id)).arrayBuffer())));
    const other = await openai.uploads.create({ ...about, bytes: 1 });
    assert.equal((await openai.uploads.cancel(other.id)).status, "cancelled");
    await assert.rejects(openai.uploads.complete(other.id, { part_ids: [] }), OpenAI.BadRequestError);
  });

  await check("jobs: one is created, found by its metadata, and succeeds with a model", async () => {
    job = await openai.fineTuning.jobs.create({
      model: BASE, training_file: file.id, suffix: "lanterns", metadata: { run: "one" },
    });
    assert.equal(job.status, "validating_files");
    job = await finished(job);
    assert.deepEqual([job.status, job.error], ["succeeded", null]);
    const found = await all(openai.fineTuning.jobs.list({ metadata: { run: "one" } }));
    assert.deepEqual(found.map((j) => j.id), [job.id]);
    assert.deepEqual(await all(openai.fineTuning.jobs.list({ metadata: { run: "two" } })), []);
  });

  await check("jobs: events and checkpoints page to their end", async () => {
    const events = await all(openai.fineTuning.jobs.listEvents(job.id, { limit: 5 }));
    assert.equal(events.at(-1).message, `Created fine-tuning job: ${job.id}`);
    const checkpoints = await all(openai.fineTuning.jobs.checkpoints.list(job.id, { limit: 1 }));
    assert.deepEqual(checkpoints.map((c) => c.step_number), [100, 50]);
  });

  await check("jobs: one is paused, resumed and cancelled", async () => {
    await knob({ pace_ms: 60_000 });
    const { id } = await openai.fineTuning.jobs.create({ model: BASE, training_file: file.id });
    assert.equal((await openai.fineTuning.jobs.pause(id)).status, "paused");
    assert.notEqual((await openai.fineTuning.jobs.resume(id)).status, "paused");
    assert.equal((await openai.fineTuning.jobs.cancel(id)).status, "cancelled");
    await assert.rejects(openai.fineTuning.jobs.cancel(id), OpenAI.BadRequestError);
    await knob({ pace_ms: 50 });
  });

  await check("chat: the tuned model answers from its file, and is deleted", async () => {
    const messages = [{ role: "user", content: "price of lantern7" }];
    const model = job.fine_tuned_model;
    const answer = await openai.chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].message.content, "7 copper coins");
    assert.equal((await openai.models.delete(model)).deleted, true);
    await assert.rejects(openai.models.retrieve(model), OpenAI.NotFoundError);
  });

  await check("webhooks: the SDK takes what is sent, and nothing that was changed on its way", async () => {
    const { url, wait, close } = await inbox();
    const secret = `whsec_${Buffer.from("a key of the peers").toString("base64")}`;
    await knob({ webhook: { url, secret }, webhooks_twice: true });
    const { id } = await openai.fineTuning.jobs.create({ model: BASE, training_file: file.id });
    const [{ body, headers }, second] = await wait(2);
    const event = await openai.webhooks.unwrap(body, headers, secret);
    assert.deepEqual([event.type, event.data], ["fine_tuning.job.succeeded", { id }]);
    assert.deepEqual([second.body, second.headers["webhook-id"]], [body, headers["webhook-id"]]);
    const refused = OpenAI.InvalidWebhookSignatureError;
    const changed = body.replace("succeeded", "cancelled");
    await assert.rejects(openai.webhooks.unwrap(changed, headers, secret), refused);
    await assert.rejects(openai.webhooks.unwrap(body, { ...headers, "webhook-id": "wh_other" }, secret), refused);
    await assert.rejects(openai.webhooks.unwrap(body, headers, "whsec_b3RoZXI="), refused);
    await knob({ webhook: null, webhooks_twice: false });
    close();
  });
}

main();

// The far end of a visit as a browser's page makes it, with the few words of our control channel
// that it needs: beat, camera, picture-here, and told records, which it answers with a receipt.
// Driven by browser_end.py; looks and listens in pixels and spectrum, never in what was sent.
"use strict";

const CELL = 16, WIDTH = 640, HEIGHT = 480, BEAT_EVERY_MS = 250, LOOK_EVERY_MS = 100;
let onlyPicture = null;  // a codec, as "video/H264": nothing else is agreed on
let stream, sound, pc, control, camera, analyser, who;
let connectedAt = null, beats = 0, heardBeat = null, records = [], parts = {}, strange = [];
let shownAt = [], rates = [];
const screen = document.createElement("video"), canvas = new OffscreenCanvas(WIDTH, HEIGHT);
const pen = canvas.getContext("2d", { willReadFrequently: true });
const say = (told, more = {}) => tell(JSON.stringify({ told, ...more }));
const word = (fields) => control?.readyState === "open" && control.send(JSON.stringify(fields));

async function open(person) {
  who = person;
  sound = new AudioContext({ sampleRate: 48000 });
  stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 },
    video: { width: WIDTH, height: HEIGHT, frameRate: 15 },
  });
  await sound.resume();
}

// No trickling: a Bedside end takes one whole description.
async function describe() {
  chooseCodec();
  await pc.setLocalDescription();
  await sendChosenCodec();
  if (pc.iceGatheringState !== "complete")
    await new Promise((done) => pc.addEventListener("icegatheringstatechange",
      () => pc.iceGatheringState === "complete" && done()));
  say("signal", { payload: { type: pc.localDescription.type, sdp: pc.localDescription.sdp } });
}

async function connect(offers) {
  pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  control = pc.createDataChannel("control", { negotiated: true, id: 0 });
  control.onopen = () => word({ kind: "camera", is_on: true });
  control.onmessage = ({ data }) => hear(JSON.parse(data));
  pc.ontrack = ({ track }) => (track.kind === "video" ? watch : listen)(new MediaStream([track]));
  pc.onconnectionstatechange = () => { if (pc.connectionState === "connected") connectedAt ??= performance.now(); };
  setInterval(beat, BEAT_EVERY_MS);
  setInterval(look, LOOK_EVERY_MS);
  if (offers) await describe();
}

function chooseCodec() {
  if (onlyPicture === null) return;
  const known = RTCRtpReceiver.getCapabilities("video").codecs;
  const taken = known.filter(({ mimeType }) => [onlyPicture, "video/rtx"].includes(mimeType));
  for (const each of pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === "video"))
    each.setCodecPreferences(taken);
}

// What it takes says nothing of what it gives: that would be the first of our offer.
async function sendChosenCodec() {
  const sender = pc.getSenders().find(({ track }) => track?.kind === "video");
  const told = sender.getParameters();
  const codec = told.codecs.find(({ mimeType }) => mimeType === onlyPicture);
  if (onlyPicture === null || !codec) return;
  for (const each of told.encodings) each.codec = codec;
  await sender.setParameters(told);
}

async function heard(payload) {
  await pc.setRemoteDescription(payload);
  if (payload.type === "offer") await describe();
}

// --- words ----------------------------------------------------------------------------------

function beat() {
  const held = heardBeat === null ? 0 : performance.now() - heardBeat.at;
  word({ kind: "beat", number: ++beats, echo: heardBeat?.number ?? null, held_ms: held });
}

function hear(said) {
  if (said.kind === "beat") heardBeat = { number: said.number, at: performance.now() };
  else if (said.kind === "live" && said.payload.kind === "told") gather(said.payload);
  else if (said.kind !== "camera" && said.kind !== "picture-here") strange.push(said.kind);
}

function gather({ told, part, parts: count, text }) {
  const found = parts[told] ??= new Array(count).fill(null);
  found[part] = text;
  if (found.includes(null)) return;
  delete parts[told];
  const record = { record: told, ...JSON.parse(found.join("")) };
  records.push(record);
  if (record.type === "message") tellRecord("receipt", record, { message: told, kind: "delivered",
    by: who, by_name: "a browser", at: new Date().toISOString() });
}

function tellRecord(type, { patient, visit }, fields, record = crypto.randomUUID()) {
  const text = JSON.stringify({ type, patient, visit, fields: { visit, patient, ...fields } });
  word({ kind: "live", payload: { kind: "told", told: record, part: 0, parts: 1, text } });
}

// --- picture and sound ----------------------------------------------------------------------

function watch(theirs) {
  screen.muted = true;
  screen.srcObject = theirs;
  screen.play();
  const shown = (now) => {
    if (!shownAt.length) word({ kind: "picture-here" });
    shownAt.push(now);
    screen.requestVideoFrameCallback(shown);
  };
  screen.requestVideoFrameCallback(shown);
}

function listen(theirs) {
  const element = new Audio();
  element.srcObject = theirs; element.muted = true; element.play();  // else the track does not flow
  analyser = new AnalyserNode(sound, { fftSize: 32768, smoothingTimeConstant: 0 });
  sound.createMediaStreamSource(theirs).connect(analyser);
}

// 32 cells of 16 pixels, the lowest bit at the left, as tests/fakes/two_links draws them.
function seenNumber() {
  if (!screen.videoWidth) return null;
  pen.drawImage(screen, 0, 0, WIDTH, HEIGHT);
  const row = pen.getImageData(0, 2 * CELL, WIDTH, 1).data;
  let number = 0;
  for (let bit = 31; bit >= 0; bit--) number = number * 2 + (row[4 * ((bit + 4.5) * CELL)] > 125 ? 1 : 0);
  return number;
}

function heardTone() {
  if (!analyser) return null;
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const loudest = levels.indexOf(Math.max(...levels));
  return levels[loudest] > -60 ? loudest * 48000 / analyser.fftSize : null;
}

// --- figures --------------------------------------------------------------------------------

async function look() {
  if (connectedAt === null) return;
  const at = performance.now() - connectedAt, stats = await pc.getStats();
  for (const { type, selectedCandidatePairId } of stats.values()) {
    const rate = type === "transport" && stats.get(selectedCandidatePairId)?.availableOutgoingBitrate;
    if (rate !== false && rate !== undefined) rates.push([at, Number.isFinite(rate) ? rate : -1]);
  }
}

// Milliseconds without a new picture since then, the one that goes on now included.
function longestGap(since) {
  const instants = [since, ...shownAt.filter((at) => at > since), performance.now()];
  return Math.max(...instants.slice(1).map((at, place) => at - instants[place]));
}

async function figures() {
  const found = { control: control?.readyState, connection: pc.connectionState, shown: shownAt.length, strange };
  const stats = [...(await pc.getStats()).values()];
  for (const entry of stats)
    if (entry.type === "inbound-rtp" || entry.type === "outbound-rtp") {
      const codec = stats.find((one) => one.id === entry.codecId)?.mimeType ?? null;
      found[`${entry.type === "inbound-rtp" ? "in" : "out"} ${entry.kind}`] = { ...entry, codec };
    }
  return found;
}

// One end of a measured call as a browser's page makes it. Driven over the debugging pipe:
// connect, heard, hangUp, forget, write; tells through the binding `tell`. Keeps what it saw and
// heard in memory until it is asked for it, so that nothing is written during the timed run.
"use strict";

let setting, stream, sound, saidBy, heardBy, link, pc, isOfferer, turn = Promise.resolve();
let shown = [], luma = [], put = [], measures = [];
const say = (told, more = {}) => tell(JSON.stringify({ told, at: performance.now(), ...more }));

async function open(wish) {
  setting = wish;
  sound = new AudioContext({ sampleRate: 48000 });
  await sound.audioWorklet.addModule("recorder.js");
  [saidBy, heardBy] = [0, 1].map(() => new AudioWorkletNode(sound, "recorder", { channelCount: 1, channelCountMode: "explicit" }));
  const mute = new GainNode(sound, { gain: 0 });
  saidBy.connect(mute); heardBy.connect(mute); mute.connect(sound.destination);
  if (setting.sends_picture || setting.sends_voice) {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: setting.sends_voice && { echoCancellation: true, noiseSuppression: true, autoGainControl: false, channelCount: 1 },
      video: setting.sends_picture && { width: setting.width, height: setting.height, frameRate: setting.fps },
    });
    if (setting.sends_voice) sound.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(saidBy);
    if (setting.sends_picture) film(stream.getVideoTracks()[0].clone());
  }
  await sound.resume();
  setInterval(measure, 1000);
}

// When which picture left the camera: only the barcode's strip is looked at.
async function film(track) {
  const left = (setting.width - 512) >> 1 & ~1, top = setting.height - 72 & ~1;
  for await (const frame of new MediaStreamTrackProcessor({ track, maxBufferSize: 8 }).readable) {
    const at = performance.now();
    const bytes = new Uint8Array(512 * 48 * 4);
    await frame.copyTo(bytes, { rect: { x: left, y: top, width: 512, height: 48 } });
    let number = 0;
    for (let bit = 0; bit < 16; bit++) number = number * 2 + (bytes[12 * 512 + bit * 16 + 8] > 128 ? 1 : 0);
    put.push([at, number]);
    frame.close();
  }
}

async function watch(track, ofLink) {
  let isFirst = true;
  for await (const frame of new MediaStreamTrackProcessor({ track, maxBufferSize: 8 }).readable) {
    const at = performance.now(), { width, height } = frame.visibleRect;
    if (isFirst) say("first picture", { link: ofLink });
    isFirst = false;
    const bytes = new Uint8Array(frame.allocationSize());
    await frame.copyTo(bytes);
    if (setting.keeps_pixels) luma.push(bytes.slice(0, width * height));
    shown.push([at, setting.keeps_pixels ? -1 : numberOf(bytes, width, height), width, height]);
    frame.close();
  }
}

// The same reading as barcode.py's, with its check: -1 where it is not certain.
function numberOf(bytes, width, height) {
  const across = width / setting.width, down = height / setting.height;
  const left = (setting.width - 512) >> 1 & ~1, top = setting.height - 72 & ~1;
  const middle = (start, length) => [Math.round(start + length / 4), Math.max(Math.round(start + length / 4) + 1, Math.round(start + 3 * length / 4))];
  const shade = (row, bit) => {
    const [x0, x1] = middle((left + bit * 16) * across, 16 * across), [y0, y1] = middle((top + row * 24) * down, 24 * down);
    let sum = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += bytes[y * width + x];
    return sum / ((x1 - x0) * (y1 - y0));
  };
  let number = 0, check = 0;
  for (let bit = 0; bit < 32; bit++) {
    const upper = shade(0, bit), lower = shade(1, bit);
    if (Math.abs(upper - lower) < 24) return -1;
    if (bit < 16) number = number * 2 + (upper > lower); else check = check * 2 + (upper > lower);
  }
  return (number * 40503 + 12345) % 65536 === check ? number : -1;
}

function connect(newLink, offers) {
  pc?.close();
  link = newLink; isOfferer = offers; turn = Promise.resolve();
  const relays = setting.relays;
  const iceServers = relays ? [{ urls: relays.urls, username: relays.username, credential: relays.password }] : [];
  const mine = pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers });
  stream?.getTracks().forEach((track) => mine.addTrack(track, stream));
  if (offers) for (const kind of ["audio", "video"])
    if (!stream?.getTracks().some((track) => track.kind === kind)) mine.addTransceiver(kind, { direction: "recvonly" });
  const channel = mine.createDataChannel("control", { negotiated: true, id: 0 });
  channel.onopen = () => say("up", { link: newLink });
  mine.onicecandidate = ({ candidate }) => candidate && say("signal", { link: newLink, payload: { candidate: candidate.toJSON() } });
  mine.ontrack = ({ track }) => {
    if (track.kind === "video") { watch(track, newLink); return; }
    const heard = new MediaStream([track]), element = new Audio();
    element.srcObject = heard; element.muted = true; element.play();  // else the track does not flow
    sound.createMediaStreamSource(heard).connect(heardBy);
  };
  // As the documentation of restartIce() advises; told as a loss for the record.
  mine.onconnectionstatechange = () => {
    if (mine !== pc) return;
    if (["disconnected", "failed"].includes(mine.connectionState)) say("dark", { link: newLink });
    if (mine.connectionState === "connected") say("light", { link: newLink });
    if (mine.connectionState === "failed" && offers) { mine.restartIce(); offer(mine, newLink); }
  };
  if (offers) offer(mine, newLink);
}

async function offer(mine, ofLink) {
  await mine.setLocalDescription();
  say("signal", { link: ofLink, payload: mine.localDescription.toJSON() });
}

function heard(ofLink, payload) {
  const mine = pc;
  if (ofLink !== link) return;
  turn = turn.then(async () => {
    if (payload.candidate) return mine.addIceCandidate(payload.candidate);
    await mine.setRemoteDescription(payload);
    if (payload.type === "offer") await offer(mine, ofLink);
  }).catch((error) => say("trouble", { link: ofLink, text: String(error) }));
}

function hangUp() { pc?.close(); pc = null; link = null; }
function forget() { shown = []; luma = []; measures = []; }

async function measure() {
  if (!pc) return;
  const mine = {}, wanted = ["framesDecoded", "freezeCount", "totalFreezesDuration", "concealedSamples", "silentConcealedSamples", "totalSamplesReceived",
    "jitterBufferDelay", "jitterBufferEmittedCount", "packetsLost", "packetsReceived", "bytesReceived", "frameWidth", "frameHeight", "framesPerSecond",
    "targetBitrate", "availableOutgoingBitrate", "bytesSent", "currentRoundTripTime", "qualityLimitationReason"];
  for (const entry of (await pc.getStats()).values())
    if (["inbound-rtp", "outbound-rtp"].includes(entry.type) || (entry.type === "candidate-pair" && entry.nominated))
      for (const name of wanted) if (name in entry) mine[`${entry.type}.${entry.kind ?? "path"}.${name}`] = entry[name];
  measures.push({ at: performance.now(), ...mine });
}

const recorded = (node) => new Promise((done) => { node.port.onmessage = ({ data }) => done(data); node.port.postMessage(0); });

// Everything in one file, which is downloaded; the answer says how it is laid out.
async function write() {
  const [[said, saidAnchors], [heard_, heardAnchors]] = [await recorded(saidBy), await recorded(heardBy)];
  const blob = new Blob([...said, ...heard_, ...luma]);
  const door = document.createElement("a");
  door.href = URL.createObjectURL(blob); door.download = "seen"; door.click();
  return { said_bytes: said.length * 256, heard_bytes: heard_.length * 256, bytes: blob.size, saidAnchors, heardAnchors,
    shown, put, measures };
}

// The wall clock's milliseconds against the page's clock: the largest difference is the true one.
function clocks() {
  let most = -Infinity;
  for (const until = performance.now() + 30; performance.now() < until;) most = Math.max(most, Date.now() - performance.now());
  return most;
}

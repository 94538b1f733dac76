// Keeps each block of sound that comes by, and now and then which instant it was.
registerProcessor("recorder", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.blocks = []; this.anchors = []; this.count = 0;
    this.port.onmessage = () => this.port.postMessage([this.blocks, this.anchors]);
  }
  process(inputs) {
    const channel = inputs[0][0], block = new Int16Array(128);
    if (channel) for (let i = 0; i < 128; i++)
      block[i] = Math.max(-32768, Math.min(32767, Math.round(channel[i] * 32768)));
    if (this.count++ % 25 === 0) this.anchors.push([this.blocks.length * 128, currentFrame, Date.now()]);
    this.blocks.push(block);
    return true;
  }
});

/**
 * Runs first in every document of a page, webviews included. `heard` in a document with sound is what
 * its AudioWorklets were given and what they made of that.
 */
export function observe() {
  const heard = { chunks: [], peak: 0, contexts: 0 };
  Object.defineProperty(globalThis, "heard", { value: heard });
  globalThis.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(context, ...rest) {
      super(context, ...rest);
      heard.contexts += 1;
      const post = this.port.postMessage.bind(this.port);
      this.port.postMessage = (message, ...rest) => {
        if (message instanceof Float32Array) heard.chunks.push(message.slice());
        post(message, ...rest);
      };
      const analyser = new AnalyserNode(context);
      this.connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        heard.now = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
        heard.peak = Math.max(heard.peak, heard.now);
      }, 50);
    }
  };
}

/** What the server says unasked, and who on the stage it is for. Knows the kinds of messages, nothing of what is done
 * with them. */

export class Receiver {
  /** @param {import("./stage.js").Stage} stage */
  constructor(stage) {
    this.stage = stage;
  }

  /** @param {import("./wire.js").Message} message */
  async receive(message) {
    const { stage } = this;
    switch (message.kind) {
      case "open":
        return stage.sessions.greeted(message);
      case "settings":
        return this.settled(message);
      case "step":
        return stage.runner.stepped(message);
      case "waiting":
        return stage.runner.waits(message);
      case "alive":
        return stage.runner.alive(message);
      case "result":
        return stage.runner.finished(message);
      case "alternatives":
        return stage.cells.arrived(message);
      case "stopped":
        // It asks for more: the messages after this one do not wait for it.
        return void stage.runner.wasStopped(message);
      case "notice":
        if (message.run) return void stage.runner.failed(message);
        stage.panel.toast(message.message, message.level);
    }
  }

  /** The answer to what another part of the page asked for: a cell of a sweep. @param {(ask: string) => void} send */
  async askFor(send) {
    const { stage } = this;
    const message = await stage.wire.answer(send);
    if (message.kind === "result") return stage.runner.finished(message, true);
    stage.panel.toast(message.message, message.level);
  }

  /** @param {import("../common/messages").Settings} message */
  settled(message) {
    const { stage } = this;
    const model = { ...stage.model };
    for (const name of /** @type {const} */ (["pixels", "grid", "context", "coverage"])) {
      if (typeof message[name] === "number") model[name] = message[name];
    }
    if (typeof message.id === "string") model.id = message.id;
    stage.change({ model });
  }
}

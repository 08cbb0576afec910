// One connection to the server for as long as the page lives: `cuebook.v1` over a WebSocket.
//
// It knows how to come back, not what a chat looks like. Nothing is lost while it is away: the
// server keeps the log, and `hello` says how much of it we have seen.

const GIVE_UP = [4400, 4403]; // our own mistake, or not ours: trying again changes nothing
const NO_TOKEN = 4401;
const TOO_MANY = 4429;
const [SHORTEST, LONGEST] = [0.5, 30]; // seconds between two tries
const PING_EVERY = 25; // seconds; browsers cannot send the protocol's own ping
const SILENCE = 60; // seconds without a word: the connection is dead, whatever TCP thinks

export class Link {
  // `hello()` gives the first frame's fields, `onframe(frame)` takes the server's frames,
  // `onstate(state, seconds)` hears connecting | open | waiting | refused, and `onnotoken()`
  // that the token is no good any more.
  constructor(page) {
    Object.assign(this, { page, tries: 0, socket: null, timer: 0, open: false });
    window.addEventListener("online", () => this.timer && this.connect());
    setInterval(() => this.beat(), PING_EVERY * 1000);
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.page.onstate("connecting");
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(address, "cuebook.v1"));
    this.heard = Date.now();
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ...this.page.hello() }));
    socket.onmessage = (event) => socket === this.socket && this.take(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.closed(event.code);
  }

  // Begins anew, for example without the token of the last chat.
  restart() {
    this.drop();
    this.tries = 0;
    this.connect();
  }

  // False: not now. Whoever sends keeps the frame until it is acknowledged.
  send(frame) {
    if (this.open) this.socket.send(JSON.stringify(frame));
    return this.open;
  }

  take(frame) {
    this.heard = Date.now();
    if (frame.type === "welcome") {
      this.tries = 0;
      this.open = true;
      this.page.onstate("open");
    }
    this.page.onframe(frame);
  }

  closed(code) {
    this.drop();
    if (GIVE_UP.includes(code)) return this.page.onstate("refused");
    if (code === NO_TOKEN) this.page.onnotoken();
    // Full jitter: after a restart of the server all its pages come back, but not together.
    this.tries += code === TOO_MANY ? 3 : 1;
    const wait = SHORTEST + Math.random() * (Math.min(LONGEST, SHORTEST * 2 ** this.tries) - SHORTEST);
    this.timer = setTimeout(() => this.connect(), wait * 1000);
    this.page.onstate("waiting", Math.ceil(wait));
  }

  drop() {
    const socket = this.socket;
    this.socket = null; // a late event of the old socket is nobody's any more
    this.open = false;
    socket?.close();
  }

  beat() {
    if (!this.socket) return;
    if (Date.now() - this.heard > SILENCE * 1000) this.closed(0);
    else this.send({ type: "ping", t: Date.now() });
  }
}

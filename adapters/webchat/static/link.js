// One connection to the server, for as long as the page lives: `cuebook.v1` over a WebSocket.
//
// It knows how to come back, not what a chat looks like. Nothing is lost while it is away: the
// server keeps the log, and `hello` says how much of it we have seen.

const GIVE_UP = new Set([4400, 4403]); // our own mistake, or not ours: trying again changes nothing
const NO_TOKEN = 4401;
const TOO_MANY = 4429;
const SHORTEST = 0.5; // seconds between two tries, doubled up to the longest
const LONGEST = 30;
const PING_EVERY = 25; // browsers cannot send the protocol's own ping
const SILENCE = 60; // nothing heard for so long: the connection is dead, whatever TCP thinks

export class Link {
  // `hello()` gives the first frame's fields, `onframe(frame)` takes the server's frames,
  // `onstate(state, seconds)` hears: connecting | open | waiting | refused,
  // `onnotoken()` is told to forget the token.
  constructor({ hello, onframe, onstate, onnotoken }) {
    Object.assign(this, { hello, onframe, onstate, onnotoken });
    this.tries = 0;
    this.socket = null;
    this.timer = 0;
    window.addEventListener("online", () => this.timer && this.connect());
    setInterval(() => this.beat(), PING_EVERY * 1000);
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.onstate("connecting");
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.socket = new WebSocket(address, "cuebook.v1"));
    this.heard = Date.now();
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ...this.hello() }));
    socket.onmessage = (event) => socket === this.socket && this.take(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.closed(event.code);
  }

  // Starts from the beginning, for example without the token of the last chat.
  restart() {
    this.drop();
    this.tries = 0;
    this.connect();
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN && this.welcomed;
  }

  // False: not now. Whoever sends keeps the frame until it is acknowledged.
  send(frame) {
    if (!this.open) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  take(frame) {
    this.heard = Date.now();
    if (frame.type === "welcome") {
      this.tries = 0;
      this.welcomed = true;
      this.onstate("open");
    }
    this.onframe(frame);
  }

  closed(code) {
    this.drop();
    if (GIVE_UP.has(code)) return this.onstate("refused");
    if (code === NO_TOKEN) this.onnotoken();
    // Full jitter: after a restart of the server all its pages come back, but not together.
    const cap = Math.min(LONGEST, SHORTEST * 2 ** (this.tries + (code === TOO_MANY ? 4 : 1)));
    const wait = SHORTEST + Math.random() * (cap - SHORTEST);
    this.tries += 1;
    this.timer = setTimeout(() => this.connect(), wait * 1000);
    this.onstate("waiting", Math.ceil(wait));
  }

  drop() {
    const socket = this.socket;
    this.socket = null; // a late event of the old socket is nobody's any more
    this.welcomed = false;
    socket?.close();
  }

  beat() {
    if (!this.socket) return;
    if (Date.now() - this.heard > SILENCE * 1000) this.closed(0);
    else this.send({ type: "ping", t: Date.now() });
  }
}

import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

const ready = /Opcovia est prêt/;
const address = /API +: (http:\S+)/;
const readyWithinMs = 60_000;

/** One real process of the built program that can be killed, frozen and told to stop, and is started again until it is up. */
export class Instance {
  #child;
  #wanted = true;
  #starting;
  #printed = '';
  url = '';
  /** How each of its processes ended: exit code, or the signal. */
  ends = [];
  /** Last words of those that ended of themselves although they had been ready. */
  crashes = [];
  #onCrash;

  constructor(name, { projectRoot, variables, onCrash = () => undefined }) {
    this.name = name;
    this.#onCrash = onCrash;
    this.place = { projectRoot, variables };
  }

  get isUp() {
    return this.url !== '';
  }

  /** The last lines that it printed. */
  get lastWords() {
    return this.#printed.trim().split('\n').slice(-8).join('\n');
  }

  /** Resolves when it says that it is ready; a start that fails, as it may while PostgreSQL is away, is tried again. */
  start() {
    this.#starting ??= this.#startPatiently().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  async #startPatiently() {
    const end = Date.now() + readyWithinMs;
    while (this.#wanted && !this.isUp) {
      if (Date.now() > end) throw new Error(`${this.name} does not start:\n${this.lastWords}`);
      if (!(await this.#launch())) await pause(200);
    }
  }

  /** True when it is ready, false when it ended before. */
  #launch() {
    const { PATH, HOME } = process.env;
    const { projectRoot, variables } = this.place;
    // A group of its own: Ctrl-C in the terminal is for the soak, which then ends it.
    const child = spawn(process.execPath, ['dist/src/main.js'], {
      cwd: projectRoot,
      env: { PATH, HOME, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    this.#printed = '';
    return new Promise((resolve) => {
      const hear = (chunk) => {
        this.#printed = (this.#printed + chunk).slice(-20_000);
        if (this.isUp || this.#child !== child || !ready.test(this.#printed)) return;
        this.url = address.exec(this.#printed)?.[1] ?? '';
        resolve(true);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code, signal) => {
        this.ends.push(code ?? signal);
        const crashed = this.#child === child && this.isUp;
        if (this.#child === child) [this.#child, this.url] = [undefined, ''];
        resolve(false);
        if (crashed) this.#rise();
      });
    });
  }

  /** Nobody asked it to end: told, and started again as any supervisor would. */
  #rise() {
    this.crashes.push(this.lastWords);
    this.#onCrash(this.name, this.lastWords);
    void this.start().catch(() => undefined);
  }

  signal(name) {
    this.#child?.kill(name);
  }

  /** Sends the signal and waits for its end; false when it runs on. */
  async end(signal, withinMs) {
    const child = this.#child;
    if (!child) return true;
    this.url = '';
    const ended = new Promise((resolve) => child.once('exit', () => resolve(true)));
    child.kill(signal);
    return Promise.race([ended, pause(withinMs, false, { ref: false })]);
  }

  /** For good. A frozen process is woken, and one that does not end in time is killed. */
  async stop(withinMs) {
    this.#wanted = false;
    this.signal('SIGCONT');
    if (!(await this.end('SIGTERM', withinMs))) await this.end('SIGKILL', 5_000);
  }
}

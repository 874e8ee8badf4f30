/** The part of asterisk-manager that Tapedeck uses; the package has no types. */
declare module 'asterisk-manager' {
  import type { EventEmitter } from 'node:events';

  export type Manager = Pick<EventEmitter, 'on' | 'once' | 'removeAllListeners'> & {
    options: { port: number; host: string; username: string; password: string; events: boolean };
    connect(port: number, host: string, callback?: (err?: Error | null) => void): void;
    login(callback: (err?: unknown) => void): void;
    action(action: Record<string, string>, callback?: (err: unknown, answer: unknown) => void): string;
    disconnect(callback?: () => void): void;
    isConnected(): boolean;
  };
  /** Called without a port it does not connect by itself. */
  function create(port: null, host: string, user: string, secret: string, events: boolean): Manager;
  export default create;
}

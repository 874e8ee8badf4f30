/** The part of ari-client that Tapedeck uses; the package has no types. */
declare module 'ari-client' {
  type Operation<T> = (parameters: Record<string, string | number | boolean | object>) => Promise<T>;
  export type Client = {
    applications: { filter: Operation<unknown>; unsubscribe: Operation<unknown> };
    channels: {
      snoopChannelWithId: Operation<unknown>;
      playWithId: Operation<unknown>;
      getChannelVar: Operation<{ value?: string }>;
      hangup: Operation<void>;
      originate: Operation<unknown>;
    };
    playbacks: { stop: Operation<void> };
    recordings: {
      getLive: Operation<{ state?: string }>;
      stop: Operation<void>;
      cancel: Operation<void>;
      mute: Operation<void>;
      unmute: Operation<void>;
      pause: Operation<void>;
      unpause: Operation<void>;
      deleteStored: Operation<void>;
      listStored: () => Promise<{ name?: string }[]>;
    };
  };
  const ari: { connect(url: string, user: string, password: string): Promise<Client> };
  export default ari;
}

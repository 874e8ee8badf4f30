/** The part of ari-client that Tapedeck uses; the package has no types. */
declare module 'ari-client' {
  type Operation<T> = (parameters: Record<string, string | number | boolean | object>) => Promise<T>;
  export type Client = {
    asterisk: { getInfo: Operation<{ system?: { version?: string } }> };
    applications: { filter: Operation<unknown> };
    bridges: { list: () => Promise<unknown[]> };
    channels: {
      list: () => Promise<unknown[]>;
      snoopChannelWithId: Operation<unknown>;
      record: Operation<unknown>;
      hangup: Operation<void>;
    };
    recordings: {
      getLive: Operation<{ state?: string }>;
      stop: Operation<void>;
      cancel: Operation<void>;
      deleteStored: Operation<void>;
      listStored: () => Promise<{ name?: string }[]>;
    };
  };
  const ari: { connect(url: string, user: string, password: string): Promise<Client> };
  export default ari;
}

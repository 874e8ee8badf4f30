/** Keys with what each does. */
export function KeyTable({ lines }: { lines: [keys: string[], does: string][] }) {
  return (
    <dl class="key-lines">
      {lines.map(([keys, does]) => (
        <div key={keys.join(' ')}>
          <dt>
            {keys.map((k) => (
              <kbd key={k}>{k}</kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}

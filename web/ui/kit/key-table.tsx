/** Keys with what each does. */
export function KeyTable({ lines }: { lines: [string, string][] }) {
  return (
    <dl class="key-lines">
      {lines.map(([keys, does]) => (
        <div key={keys}>
          <dt>
            {keys.split(' ').map((k) => (
              <kbd key={k} translate={false}>
                {k}
              </kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}

export function RetentionPage() {
  return <h1>Retention</h1>;
}

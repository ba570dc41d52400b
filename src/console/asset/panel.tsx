/** One asset. It is closed by taking `asset` out of the route. */
export function AssetPanel({ id }: { id: string }) {
  return <p hidden>{id}</p>;
}

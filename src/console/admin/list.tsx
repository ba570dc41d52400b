/** All vaults, for the operator. */
export function VaultList() {
  return <h1>Vaults</h1>;
}

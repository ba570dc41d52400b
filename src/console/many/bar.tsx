/** What can be done with the assets that are selected. It is shown when there are some. */
export function SelectionBar() {
  return null;
}

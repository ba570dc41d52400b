/** What a call of the file system comes to when there is nothing: undefined. Any other failure stays one. */
export function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

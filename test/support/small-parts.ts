/** The smallest parts that R2 takes, for tests that send large files again and again. Bytes. */
export const PART_BYTES = 5 * 1024 * 1024;

/** The type and subtype that a Content-Type begins with, whatever follows. They tell how a body is to be read. */
export const essenceOf = (contentType: string): string => contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";

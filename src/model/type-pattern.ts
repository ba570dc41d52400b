/** What names media types without parameters: in a vault's settings and in tickets. */

/** A token (RFC 9110 5.6.2) without the star that stands for all. */
const NAME = "[\\w!#$%&'+.^`|~-]+";

/** A media type without parameters, or all types of a kind: `image/png` or `image/*`. */
export const TYPE_PATTERN = new RegExp(`^${NAME}/(?:\\*|${NAME})$`);

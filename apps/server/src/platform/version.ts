/** The product's version, as `/server` and the command line tell it. */
export const PRODUCT_VERSION = '0.1.0';

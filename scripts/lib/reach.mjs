export const reachedBy = () => [];
